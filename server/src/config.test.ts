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
