import { table } from './table.ts';

describe('table', () => {
  it('aligns words to the left and numbers to the right', () => {
    const text = table(
      ['TOPIC', 'PARTITIONS'],
      [
        ['orders', 4],
        ['o', 12],
      ],
    );

    expect(text.split('\n')).toEqual(['TOPIC   PARTITIONS', 'orders           4', 'o               12']);
  });

  it('is its headings when there are no rows', () => {
    expect(table(['A', 'B'], [])).toBe('A  B');
  });
});
