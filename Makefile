.DEFAULT_GOAL := help
.PHONY: help demo demo-down check unit scenario test test-rest test-newest docs bench clean

help: ## Show this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Serve the sample app from a bare Debian server in a container, with TLS and a database
	@examples/demo/demo up

demo-down: ## Take the demo down
	@examples/demo/demo down

check: ## The quick checks, a minute: linters, types, unit tests, documentation
	@tests/bed/test quick

unit: ## Unit tests of a file, or by an expression: make unit T=tests/unit/plugins/filter
	@tests/bed/unit $(if $(T),"$(T)")

scenario: ## One molecule scenario: make scenario S=nginx; with KEEP=1 its hosts stay, for a look
	@tests/bed/prepare && tests/bed/stage && tests/bed/scenario $(or $(S),$(error say which: make scenario S=NAME))

test: ## Everything that CI runs
	@tests/bed/test all

test-rest: ## Everything but the scenarios
	@tests/bed/test rest

test-newest: ## The unit tests and the quickstart on the ansible-core of tests/requirements-newest.txt
	@tests/bed/test newest

docs: ## Write the tables of variables in the roles' READMEs
	@tests/bed/venv && tests/docs

bench: ## Measure: a shell script against site.yml, side by side
	@benchmarks/run

clean: ## Remove what the test bed and the demo made: containers, images, the cache folder
	@tests/bed/clean
