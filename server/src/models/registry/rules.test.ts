import { expect, it } from 'vitest';
import { warningsOf } from './rules.ts';

it('models of pickles and of code come with a warning that names the files, others with none', () => {
  const of = (...paths: string[]) => warningsOf(paths.map((path) => ({ path })));
  expect(of('MLmodel', 'model.onnx', 'model.skops', 'input_example.json')).toEqual([]);
  expect(of('MLmodel', 'model.pkl')).toEqual([expect.stringContaining('(model.pkl)')]);
  expect(of('data/model.pth', 'code/net.py')).toEqual([
    expect.stringContaining('(data/model.pth)'),
    expect.stringContaining('(code/net.py)'),
  ]);
  expect(of('1.pkl', '2.joblib', '3.pickle', '4.dill')).toEqual([expect.stringContaining('and 1 more')]);
});
