import type { Command } from 'commander';

export function addTrainingCommands(_program: Command): void {}
