import type { Command } from 'commander';

export function addModelsCommands(_program: Command): void {}
