'use strict';
// Compiles one standard-JSON input from stdin with the compiler build that the first argument names.
// Every source is inline: the null callback makes an import of anything else a compile error.
const { readFileSync } = require('fs');
const { resolve } = require('path');

const build = require(resolve(process.argv[2]));
const compile = build.cwrap('solidity_compile', 'string', ['string', 'number', 'number']);
process.stdout.write(compile(readFileSync(0, 'utf8'), 0, 0));
