import { PassThrough } from 'node:stream';
import { explanations } from '../explanations/catalogue.ts';
import { runCommand } from '../testing/command-line.ts';

const explained = async (...argv: string[]) => {
  const command = runCommand(['explain', ...argv]);
  return { code: await command.ended, stdout: command.stdout(), stderr: command.stderr() };
};

describe('explain', () => {
  it.each(['OFFSET_OUT_OF_RANGE', 'offset_out_of_range', 'Offset_Out_Of_Range'])(
    'explains %s',
    async (typed) => {
      const { code, stdout, stderr } = await explained(typed);

      const { meaning, why, cure, retry, from } = explanations.OFFSET_OUT_OF_RANGE;
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.split('\n')).toEqual([
        'OFFSET_OUT_OF_RANGE (Kafka’s error 1)',
        meaning,
        `  why    ${why}`,
        `  do     ${cure}`,
        `  retry  ${retry}`,
        `  from   ${from}`,
        '',
      ]);
    },
  );

  it('names no number where Kafka has none, and is an object with --json', async () => {
    expect((await explained('ADDRESS_IN_USE')).stdout).toMatch(/^ADDRESS_IN_USE\n/);

    const asObject = JSON.parse((await explained('ADDRESS_IN_USE', '--json')).stdout);
    expect(asObject).toEqual({ code: 'ADDRESS_IN_USE', ...explanations.ADDRESS_IN_USE });
  });

  it('lists every code with its meaning: an object a line when piped', async () => {
    const { code, stdout } = await explained();

    const lines = stdout.trimEnd().split('\n');
    const listed = lines.map((line) => JSON.parse(line) as { code: string; meaning: string; kafka?: number });
    expect(code).toBe(0);
    expect(listed.map((each) => each.code)).toEqual(Object.keys(explanations).sort());
    expect(listed.find((each) => each.code === 'CORRUPT_MESSAGE')).toEqual({
      code: 'CORRUPT_MESSAGE',
      meaning: explanations.CORRUPT_MESSAGE.meaning,
      kafka: 2,
    });
  });

  it('lists them as a table on a terminal, and as objects there with --json', async () => {
    const onTerminal = async (...argv: string[]): Promise<string> => {
      const stdout = Object.assign(new PassThrough(), { isTTY: true } as const);
      await runCommand(['explain', ...argv], { stdout }).ended;
      return stdout.read().toString();
    };

    const [headings, ...rows] = (await onTerminal()).trimEnd().split('\n');
    expect(headings).toMatch(/^CODE +MEANS$/);
    expect(rows).toHaveLength(Object.keys(explanations).length);
    expect(rows).toContainEqual(expect.stringMatching(/^ENOSPC +The disk is full\.$/));
    expect(await onTerminal('--json')).toMatch(/^\{"code"/);
  });

  it.each([
    ['BROKER_UNREACHABEL', 'did you mean BROKER_UNREACHABLE?'],
    ['topic_not_fuond', 'did you mean TOPIC_NOT_FOUND?'],
    ['zzz', '`millrace explain` lists all codes'],
    ['toString', '`millrace explain` lists all codes'],
  ])('says of %s that there is no such code', async (typed, hint) => {
    expect(await explained(typed)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: there is no error code '${typed}'\nhint:  ${hint}\nmore:  millrace explain USAGE\n`,
    });
  });
});
