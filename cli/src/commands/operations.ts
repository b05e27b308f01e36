import type { Command } from 'commander';

export function addOperationsCommands(_program: Command): void {}
