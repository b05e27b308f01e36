import type { Command } from 'commander';
import { addExperimentsCommands } from './training/experiments.ts';
import { addJobsCommands } from './training/jobs.ts';
import { addSweepsCommands } from './training/sweeps.ts';

export function addTrainingCommands(program: Command): void {
  addExperimentsCommands(program);
  addJobsCommands(program);
  addSweepsCommands(program);
}
