/** Models that answer what they are asked, registered and served through the public API. */
import type { Client } from '../../../sdk/src/index.ts';
import { buildOnnx, type elementTypes, type OnnxGraph } from './onnx-models.ts';

type Datatype = keyof typeof elementTypes;

/** Each input comes back as `<name>_out`. */
export const echoOf = (
  inputs: Readonly<Record<string, readonly [Datatype, ...(number | string)[]]>>,
): OnnxGraph => {
  const values = Object.entries(inputs).map(([name, [type, ...shape]]) => ({ name, type, shape }));
  return {
    nodes: values.map(({ name }) => ({ operator: 'Identity', inputs: [name], outputs: [`${name}_out`] })),
    inputs: values,
    outputs: values.map((value) => ({ ...value, name: `${value.name}_out` })),
  };
};

/** MLflow's words for the datatypes. */
const dtypeOf = (type: string): string =>
  type === 'BYTES' ? 'str' : type.toLowerCase().replace('fp', 'float');

const specsOf = (values: OnnxGraph['inputs']): string =>
  JSON.stringify(
    values.map(({ name, type, shape }) => ({
      name,
      type: 'tensor',
      'tensor-spec': {
        dtype: dtypeOf(type),
        shape: shape.map((size) => (typeof size === 'string' ? -1 : size)),
      },
    })),
  );

/** One more version of the model of this name, approved. */
export async function registerGraph(client: Client, name: string, graph: OnnxGraph): Promise<void> {
  const { id: experimentId } = await client.experiments.createExperiment({ name: 'graphs' });
  const { id } = await client.experiments.createRun({ experimentId });
  const signature = `signature:\n  inputs: '${specsOf(graph.inputs)}'\n  outputs: '${specsOf(graph.outputs)}'\n`;
  const mlmodel = `flavors:\n  onnx:\n    data: model.onnx\n    onnx_version: 1.17.0\n${signature}`;
  for (const [path, content] of [
    ['MLmodel', Buffer.from(mlmodel)],
    ['model.onnx', buildOnnx(graph)],
  ] as const)
    await client.experiments.putArtifact({ id, path: `model/${path}`, content });
  const { version } = await client.registry.register({ name, runId: id, path: 'model' });
  await client.governance.approve({ name, version: String(version), reason: 'a test', override: true });
}

export async function serveGraph(
  client: Client,
  name: string,
  graph: OnnxGraph,
  more: object = {},
): Promise<void> {
  await registerGraph(client, name, graph);
  const variants = [{ name: 'main', model: `${name}@latest`, weight: 1 }];
  await client.endpoints.put({ name, entity: ['id'], variants, ...more });
}
