#!/usr/bin/env node
// npm links a command when it installs, before a clone is built: so this file is there from the beginning.
import '../dist/main.js';
