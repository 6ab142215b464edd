import { runCommand } from '../testing/command-line.ts';

const ended = async (...argv: string[]) => {
  const command = runCommand(argv);
  return { code: await command.ended, stdout: command.stdout(), stderr: command.stderr() };
};

describe('the command line', () => {
  it('prints help and version on stdout', async () => {
    const help = await ended('--help');
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const verb of ['start', 'topic', 'produce', 'consume', 'explain'])
      expect(help.stdout).toContain(verb);

    expect(await ended('--version')).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  });

  it.each(['start', 'topic', 'produce', 'consume', 'explain'])('helps with %s', async (verb) => {
    const { code, stdout } = await ended(verb, '--help');

    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: millrace ${verb}`);
  });

  it.each([
    [['strat'], "unknown command 'strat'", 'did you mean start?'],
    [['consume', 't', '--frm', 'x'], "unknown option '--frm'", 'did you mean --from?'],
    [['--dri', 'x'], "unknown option '--dri'", 'did you mean --dir?'],
    [['produce'], "missing required argument 'topic'", '`millrace produce --help`'],
    [['topic', 'create'], "missing required argument 'name'", '`millrace topic create --help`'],
    [['produce', 't', '--acks', 'some'], "'some' is invalid", '`millrace produce --help`'],
    [['produce', 't', '--partition', '-1'], 'It takes a whole number', '`millrace produce --help`'],
    [['topic', 'create', 't', '--config', 'x'], 'It takes name=value', '`millrace topic create --help`'],
    [['consume', 't', '--json', '--format', '%s'], 'cannot be used with', '`millrace consume --help`'],
    [['consume', 't', '--from', 'middle'], '--from middle', 'earliest, latest'],
    [['consume', 't', '--format', '%q'], '%q', '%t topic'],
    [['consume', 't', '--broker', 'nowhere'], "--broker 'nowhere' is not host:port", '127.0.0.1:9292'],
    [['start', '--listen', '9292'], "--listen '9292' is not host:port", '--listen 127.0.0.1:9292'],
    [['start', 'now'], 'too many arguments', '`millrace start --help`'],
    [['topic', 'alter', 't'], 'nothing is to change', '--config'],
  ])('refuses %j with one line, a hint, where to learn more and exit code 2', async (argv, error, hint) => {
    const { code, stdout, stderr } = await ended(...argv);

    const [first = '', second = '', ...rest] = stderr.split('\n');
    expect([code, stdout, rest]).toEqual([2, '', ['more:  millrace explain USAGE', '']]);
    expect(first).toMatch(/^error: /);
    expect(first).toContain(error);
    expect(second).toMatch(/^hint: {2}/);
    expect(second).toContain(hint);
  });

  it.each([
    ['topic', 'ls'],
    ['topic', 'rm', 'orders'],
    ['produce', 'orders', 'x'],
    ['consume', 'orders'],
  ])('tells with exit code 4 that no broker is there: %s %s', async (...argv) => {
    const { code, stdout, stderr } = await ended(...argv.filter(Boolean), '--broker', '127.0.0.1:1');

    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(
      /^error: no broker answers at 127\.0\.0\.1:1.*\nhint: .*millrace start.*\nmore: {2}millrace explain BROKER_UNREACHABLE\n$/,
    );
  });

  it('shows where an error comes from with --debug or MILLRACE_DEBUG alone', async () => {
    const argv = ['topic', 'ls', '--broker', '127.0.0.1:1'];
    const inEnvironment = runCommand(argv, { env: { MILLRACE_DEBUG: '1' } });
    await inEnvironment.ended;

    expect((await ended(...argv)).stderr).not.toContain('    at ');
    expect((await ended(...argv, '--debug')).stderr).toContain('    at ');
    expect(inEnvironment.stderr()).toContain('    at ');
  });
});
