import type { Command } from 'commander';

export function addServingCommands(_program: Command): void {}
