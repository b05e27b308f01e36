import type { Command } from 'commander';
import { addEndpointsCommands } from './serving/endpoints.ts';
import { addPredictionsCommands } from './serving/predictions.ts';
import { addRolloutsCommands } from './serving/rollouts.ts';
import { addScoringsCommands } from './serving/scorings.ts';

export function addServingCommands(program: Command): void {
  addEndpointsCommands(program);
  addPredictionsCommands(program);
  addScoringsCommands(program);
  addRolloutsCommands(program);
}
