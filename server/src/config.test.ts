import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';

const strict = { schemes: ['https'], allowPrivate: false };

describe('readConfig', () => {
  test('where webhooks may go: an option, or the name that MLflow has for it', () => {
    expect(readConfig({}, {}).webhookDestinations).toEqual(strict);
    const both = { schemes: ['https', 'http'], allowPrivate: true };
    expect(
      readConfig({ webhookSchemes: 'https, HTTP', webhookPrivate: true }, {}).webhookDestinations,
    ).toEqual(both);
    const names = { MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'https,http', MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true' };
    expect(readConfig({}, names).webhookDestinations).toEqual(both);
    const off = { MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'false' };
    expect(readConfig({}, off).webhookDestinations).toEqual(strict);
    expect(() => readConfig({ webhookSchemes: 'https,file' }, {})).toThrow(
      "'file' is neither http nor https",
    );
  });

  test('whose word on addresses is believed: listed addresses and networks, never everybody', () => {
    expect(readConfig({}, {}).trustedProxies).toEqual([]);
    const proxies = ['10.1.2.3', '10.0.0.0/8', 'fd00::/8'];
    expect(readConfig({ trustProxy: proxies }, {}).trustedProxies).toEqual(proxies);
    expect(readConfig({}, { TIDEMILL_TRUST_PROXY: '10.1.2.3, fd00::1' }).trustedProxies).toHaveLength(2);
    for (const wrong of ['*', 'true', 'proxy.example', '0.0.0.0/0', '10.0.0.0/33', '10.0.0.0/8/8', '1'])
      expect(() => readConfig({ trustProxy: [wrong] }, {})).toThrow(/neither an address nor a network/);
  });

  test('where spans go, by the names that OpenTelemetry has', () => {
    expect(readConfig({}, {}).traces).toBeNull();
    const base = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };
    const headers = {};
    const resource = { 'service.name': 'tidemill' };
    const url = 'http://collector:4318/v1/traces';
    expect(readConfig({}, base).traces).toEqual({ url, headers, resource, share: 1 });
    const all = {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://spans.example/take',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b, x-team=one',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=other',
      OTEL_SERVICE_NAME: 'forecasts',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    };
    expect(readConfig({}, { ...base, ...all }).traces).toEqual({
      url: 'https://spans.example/take',
      headers: { 'x-key': 'a b', 'x-team': 'one' },
      resource: { 'deployment.environment.name': 'test', 'service.name': 'forecasts' },
      share: 0.25,
    });
    expect(readConfig({}, { ...base, OTEL_SDK_DISABLED: 'true' }).traces).toBeNull();
    for (const [name, value] of Object.entries({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: '2',
      OTEL_EXPORTER_OTLP_HEADERS: 'no pairs',
    }))
      expect(() => readConfig({}, { ...base, [name]: value }), name).toThrow(name);
  });

  test('the secret key is a key or nothing, and is not shown', () => {
    const key = Buffer.alloc(32, 7);
    expect(readConfig({}, {}).secretKey).toBeNull();
    expect(readConfig({}, { TIDEMILL_SECRET_KEY: '' }).secretKey).toBeNull();
    expect(readConfig({}, { TIDEMILL_SECRET_KEY: key.toString('base64') }).secretKey?.equals(key)).toBe(true);
    expect(readConfig({}, { TIDEMILL_SECRET_KEY: key.toString('hex') }).secretKey?.equals(key)).toBe(true);
    const weak = () => readConfig({}, { TIDEMILL_SECRET_KEY: 'swordfish' });
    expect(weak).toThrow('The setting TIDEMILL_SECRET_KEY is not valid');
    expect(weak).not.toThrow('swordfish');
  });

  test.each([
    's3://bucket/x',
    'gs://bucket/x',
    '/srv',
    '',
    'mlflow-artifacts:/../x',
    'file:///',
    'file://host/srv',
    'file:///srv/../etc',
    'file:///srv/%2e%2e/etc',
    'file:///srv?x=1',
    'file:///srv#x',
    'file:srv',
  ])('refuses the artifact root %j, naming the setting', (artifactRoot) => {
    expect(() => readConfig({ artifactRoot }, {})).toThrow(/--artifact-root/);
    expect(() => readConfig({}, { TIDEMILL_ARTIFACT_ROOT: artifactRoot })).toThrow(/--artifact-root/);
  });

  test('takes the root it has', () => {
    expect(readConfig({ artifactRoot: 'mlflow-artifacts:/' }, {}).artifactFolder).toBeNull();
    expect(readConfig({}, {}).artifactFolder).toBeNull();
    const artifactRoot = 'file:///srv/my%20files/';
    expect(readConfig({ artifactRoot }, {}).artifactFolder).toBe('/srv/my files');
    expect(readConfig({}, { TIDEMILL_ARTIFACT_ROOT: artifactRoot }).artifactFolder).toBe('/srv/my files');
  });

  test.each(['/srv/data', '/srv', '/srv/data/art'])(
    'the root of artifacts %s is not in the data, nor they in it',
    (root) => {
      expect(() => readConfig({ data: '/srv/data', artifactRoot: `file://${root}` }, {})).toThrow(
        'must not lie one in the other',
      );
      expect(readConfig({ data: '/srv/data', artifactRoot: 'file:///srv/data2' }, {}).artifactFolder).toBe(
        '/srv/data2',
      );
    },
  );
});

describe('where files are kept', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };

  test('is the data folder, or a bucket with a prefix, keys from the environment alone', () => {
    expect(readConfig({}, {}).blobs).toEqual({ kind: 'filesystem' });
    expect(readConfig({ blobs: 's3://files/team-a/prod/' }, keys).blobs).toEqual({
      kind: 's3',
      bucket: 'files',
      prefix: 'team-a/prod',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    });
    const environment = {
      TIDEMILL_BLOBS: 's3://files',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_S3: 'http://minio:9000',
    };
    expect(readConfig({}, environment).blobs).toEqual({
      kind: 's3',
      bucket: 'files',
      prefix: '',
      region: 'eu-central-1',
      endpoint: 'http://minio:9000',
    });
    const options = { s3Endpoint: 'https://other', s3Region: 'auto' };
    expect(readConfig(options, environment).blobs).toMatchObject({
      endpoint: 'https://other',
      region: 'auto',
    });
  });

  test.each(['s3://', 's3://UPPER/x', 's3://ab/../x', '/srv/files', 'gs://files', 's3://files/a b'])(
    'is not %j',
    (blobs) => {
      expect(() => readConfig({ blobs }, {})).toThrow(/--blobs/);
    },
  );

  test('refuses an endpoint without http, and names what to say instead of an artifact root in S3', () => {
    expect(() => readConfig({ blobs: 's3://files', s3Endpoint: 'minio:9000' }, {})).toThrow(/--s3-endpoint/);
    expect(() => readConfig({ artifactRoot: 's3://files/x' }, {})).toThrow(/--blobs s3:/);
  });
});

describe('where online values are kept', () => {
  test('is the data folder, or a Redis with a prefix', () => {
    expect(readConfig({}, {}).online).toEqual({ kind: 'sqlite' });
    expect(readConfig({ online: 'redis://:secret@cache:6380/2?prefix=team-a' }, {}).online).toEqual({
      kind: 'redis',
      url: 'redis://:secret@cache:6380/2',
      prefix: 'team-a',
    });
    expect(readConfig({}, { TIDEMILL_ONLINE: 'rediss://cache' }).online).toEqual({
      kind: 'redis',
      url: 'rediss://cache',
      prefix: 'tidemill',
    });
  });

  test.each(['redis', 'http://cache', 'redis://a b', 'redis://:secret@cache?prefix=a*'])(
    'is not %j, and the answer tells no password',
    (online) => {
      expect(() => readConfig({ online }, {})).toThrow(/--online/);
      expect(() => readConfig({ online }, {})).not.toThrow(/secret/);
    },
  );
});

describe('pages that may predict from a browser', () => {
  test('are named by their origins, by an option or a variable', () => {
    expect(readConfig({}, {}).corsOrigins).toEqual([]);
    const origins = ['https://shop.example', 'http://localhost:5173'];
    expect(readConfig({ corsOrigin: origins }, {}).corsOrigins).toEqual(origins);
    expect(readConfig({}, { TIDEMILL_CORS_ORIGINS: origins.join(', ') }).corsOrigins).toEqual(origins);
    expect(readConfig({ corsOrigin: ['*'] }, {}).corsOrigins).toEqual(['*']);
    for (const wrong of ['shop.example', 'https://shop.example/', 'https://*.example', 'null'])
      expect(() => readConfig({ corsOrigin: [wrong] }, {}), wrong).toThrow('is no origin');
  });

  test('and the endpoint of /invocations by its name', () => {
    expect(readConfig({}, {}).defaultEndpoint).toBeNull();
    expect(readConfig({}, { TIDEMILL_DEFAULT_ENDPOINT: 'forecast' }).defaultEndpoint).toBe('forecast');
    expect(() => readConfig({ defaultEndpoint: 'A b' }, {})).toThrow('cannot be the name of an endpoint');
  });
});

test('the Open Inference Protocol has bounds, and gRPC a port only where it is asked for', () => {
  expect(readConfig({}, {}).inference).toEqual({ grpcPort: null, maxBytes: 67_108_864 });
  const named = { TIDEMILL_GRPC_PORT: '4601', TIDEMILL_INFERENCE_MAX_BYTES: '1000' };
  expect(readConfig({}, named).inference).toEqual({ grpcPort: 4601, maxBytes: 1000 });
  expect(readConfig({ grpcPort: '0' }, named).inference.grpcPort).toBe(0);
  expect(() => readConfig({ grpcPort: '99999' }, {})).toThrow(
    "--grpc-port (TIDEMILL_GRPC_PORT) is not valid: '99999'",
  );
  for (const wrong of ['0', '-1', '1e10', 'much'])
    expect(() => readConfig({ inferenceMaxBytes: wrong }, {}), wrong).toThrow(
      'is no number of bytes up to 1 GiB',
    );
});
