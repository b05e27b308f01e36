import { expect, test } from 'vitest';
import { parsePackages } from './packages.ts';

const parse = (...texts: string[]) => Object.fromEntries(parsePackages(texts));

test("what MLflow's three files say", () => {
  const requirements =
    'mlflow==3.17.2\nscikit_learn[alldeps]==1.7.2 ; python_version > "3.8"\n# why\nNumPy<3,>=2 # c\n';
  const environment =
    'python: 3.11.2\nbuild_dependencies:\n- pip==23.0.1\n- setuptools\ndependencies:\n- -r requirements.txt\n';
  const conda =
    'channels:\n- conda-forge\ndependencies:\n- python=3.11.4\n- pip<=23.0.1\n- pip:\n  - mlflow==9\n  - "cloudpickle==3.1"\nname: mlflow-env\n';
  expect(parse(requirements, environment)).toEqual({
    mlflow: '==3.17.2',
    'scikit-learn': '==1.7.2',
    numpy: '<3,>=2',
    python: '==3.11.2',
    pip: '==23.0.1',
    setuptools: '',
  });
  expect(parse(conda)).toEqual({ python: '==3.11.4', pip: '<=23.0.1', mlflow: '==9', cloudpickle: '==3.1' });
});

test('what is none of it is passed over', () => {
  expect(
    parse('-r other.txt\n--index-url https://x\n\n  \nname: env\n{"a": 1}\ngit+https://x/y.git\n'),
  ).toEqual({});
  expect(parse('own @ file:///tmp/own\n')).toEqual({ own: '@file:///tmp/own' });
});
