# Included by the Makefile: the Solidity contracts (contracts/README.md).

contracts/node_modules/.package-lock.json: contracts/package.json contracts/package-lock.json
	@command -v npm >/dev/null || { echo "contracts: needs node 20 or newer with npm (Debian: apt-get install nodejs npm)" >&2; exit 1; }
	cd contracts && npm ci --ignore-scripts --no-progress
	@touch $@

contracts: contracts/node_modules/.package-lock.json ## compile contracts/ and rewrite contracts/artifacts
	cd contracts && node build.mjs

contracts-check: contracts/node_modules/.package-lock.json ## rebuild the contracts and compare them with contracts/artifacts
	cd contracts && node build.mjs --check

contracts-test: contracts/node_modules/.package-lock.json ## run forge's unit, fuzz and invariant tests
	cd contracts && node_modules/.bin/forge test

.PHONY: contracts contracts-check contracts-test
