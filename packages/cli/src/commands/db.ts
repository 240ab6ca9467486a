import { Command } from 'commander';
import { backupCommand, restoreCommand } from './db-backup.js';
import { statsCommand } from './db-stats.js';
import { exportCommand, importCommand } from './db-transfer.js';
import { verifyCommand } from './db-verify.js';

/** `enigma db`. */
export function dbCommand(): Command {
  return new Command('db')
    .description("look after a core's database: all but restore and import also while the core runs")
    .addCommand(statsCommand())
    .addCommand(verifyCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand());
}
