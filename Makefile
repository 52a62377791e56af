# The front door. Developers' verbs are in ./dev.

.DEFAULT_GOAL := help
.PHONY: help setup build run test clean
MAKEFLAGS += --no-print-directory

help:
	@echo "Quorate: consensus for C++. On Debian 12, these install what they need by themselves."
	@echo
	@echo "  make run     build, then watch a simulated cluster elect, replicate, lose its leader and heal"
	@echo "  make build   build the release binary, build/quorate"
	@echo "  make test    run all that CI runs; the last line is 'N passed, M failed'"
	@echo "  make setup   install every package that building, testing and linting need"
	@echo "  make clean   remove build/"
	@echo
	@echo "For development: ./dev --help. To read the code: docs/README.md."

setup:
	@scripts/setup

build:
	@scripts/setup build
	@./dev build release quorate

run: build
	@build/quorate demo

test:
	@scripts/setup build test lint fuzz
	@./dev test

clean:
	@rm -rf build
