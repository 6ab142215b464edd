import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsPage, metricsPagePath } from './metrics-page.ts';

describe('the page of the metrics', () => {
  it('is what tools/metrics-page.ts makes', () => {
    expect(readFileSync(join(__dirname, '..', metricsPagePath), 'utf8')).toBe(metricsPage());
  });
});
