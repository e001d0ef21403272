#!/usr/bin/env node
// @ts-check
'use strict';

const { existsSync } = require('node:fs');
const { FOLDER, load } = require('./load.js');

if (existsSync(FOLDER)) {
  void load('cli.cjs').main(process.argv);
} else {
  process.stderr.write('cumulus-server: it has not been built: run npm ci, or npm run build\n');
  process.exitCode = 1;
}
