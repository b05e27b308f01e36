import type { Command } from 'commander';
import { addEndpointsCommands } from './serving/endpoints.ts';
import { addPredictionsCommands } from './serving/predictions.ts';
import { addRolloutsCommands } from './serving/rollouts.ts';

export function addServingCommands(program: Command): void {
  addEndpointsCommands(program);
  addPredictionsCommands(program);
  addRolloutsCommands(program);
}
