import { expect, onTestFinished, test } from 'vitest';
import { createTestPlatform, owner } from '../../testing/platform.ts';
import { commitCsv, isEnded, until } from '../../testing/training-wing.ts';

const inputs = ['level', 'count', 'is_open', 'name', 'empty', 'odd "name"', 'unknown'];
const signature = JSON.stringify(inputs.map((name) => ({ type: 'double', name })));
const mlmodel = `flavors:
  python_function:
    loader_module: mlflow.sklearn
signature:
  inputs: '${signature}'
`;
const rows = `level,count,is_open,name,empty,"odd ""name"""
1.5,3,true,a,,10
-2.5,,false,b,,20
,9,true,c,,30
`;

test("a command's model knows between which values its inputs lay", async () => {
  const platform = await createTestPlatform();
  onTestFinished(() => platform.close());
  const { jobs, registry } = platform.services;
  await commitCsv(platform.services, 'measured', rows, owner);
  const script = `mkdir outputs/model; cat > outputs/model/MLmodel <<'end'\n${mlmodel}end\n`;
  // Nothing that was read has every input, so it is not known what it learned from.
  const command = { experiment: 'own', command: ['sh', '-c', script], inputs: ['measured'] };
  const { id } = await jobs.submitCommand(command, owner);
  const { runId, state } = await until(jobs, id, owner, isEnded);
  expect(state).toBe('succeeded');
  const unknown = await registry.register({ name: 'own', runId: runId ?? '' }, owner);
  expect(unknown).toMatchObject({ trainingSet: null, trainingRange: {} });

  const known = script.replace(',{"type":"double","name":"unknown"}', '');
  const second = await jobs.submitCommand({ ...command, command: ['sh', '-c', known] }, owner);
  await until(jobs, second.id, owner, isEnded);
  const version = await registry.register({ name: 'own', runId: second.runId ?? '' }, owner);
  expect(version.trainingSet).toBe('dataset:measured@1');
  expect(version.trainingRange).toEqual({
    level: { minimum: -2.5, maximum: 1.5 },
    count: { minimum: 3, maximum: 9 },
    is_open: { minimum: 0, maximum: 1 },
    'odd "name"': { minimum: 10, maximum: 30 },
  });
});
