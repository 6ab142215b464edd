import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testWorld } from '@millrace/runtime/testing';
import { openLog } from './index.ts';
import { logConformance } from './testing/log-conformance.ts';

describe('a log in memory', () => {
  logConformance({ test: it, create: () => openLog('/log', {}, testWorld()) });
});

describe('a log in memory, of many small segments', () => {
  logConformance({
    test: it,
    create: () => openLog('/log', { segmentBytes: 200, indexIntervalBytes: 50 }, testWorld()),
  });
});

describe('a log on the disk', () => {
  const directories: string[] = [];
  afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

  logConformance({
    test: it,
    create: async () => {
      const directory = await mkdtemp(join(tmpdir(), 'millrace-log-'));
      directories.push(directory);
      return openLog(directory, { segmentBytes: 500 });
    },
  });
});
