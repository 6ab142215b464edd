// `npm run demo`: three brokers, a group of three consumers, twelve partitions, live; a key kills one. Without a terminal it
// runs for ten seconds by itself, kills one consumer after four, and says what came of it.
import { emitKeypressEvents } from 'node:readline';
import { pause } from '../../packages/integration-tests/src/millrace-process.ts';
import { Demo } from './demo-run.ts';
import { draw } from './screen.ts';

const drawEveryMs = 150;
const aloneMs = 10_000;
const killAfterMs = 4_000;
const [toAlternate, toMain] = ['\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l'];

const isShown = process.stdout.isTTY && process.stdin.isTTY;
console.log('starting …');
const demo = await Demo.start((event) => {
  if (!isShown) console.log(event);
});
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
});
try {
  if (isShown) await showUntilQuit();
  else await runAlone();
  console.log(await demo.finish());
} finally {
  await demo.remove();
}

async function showUntilQuit(): Promise<void> {
  process.stdout.write(toAlternate);
  const drawing = setInterval(() => {
    const lines = draw(demo.screen()).map((line) => `${line}\u001b[K`);
    process.stdout.write(`\u001b[H${lines.join('\n')}\u001b[J`);
  }, drawEveryMs);
  try {
    await Promise.race([untilQuit(), interrupted]);
  } finally {
    clearInterval(drawing);
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.write(toMain);
  }
}

function untilQuit(): Promise<void> {
  emitKeypressEvents(process.stdin);
  process.stdin.setRawMode(true);
  return new Promise((resolve) => {
    process.stdin.on('keypress', (text: string | undefined, key: { ctrl?: boolean; name?: string }) => {
      if (text === 'q' || (key.ctrl === true && key.name === 'c')) resolve();
      else if (text === 'r') void demo.restartDead();
      else if (text !== undefined) void demo.kill(text);
    });
  });
}

async function runAlone(): Promise<void> {
  await Promise.race([pause(killAfterMs), interrupted]);
  await demo.kill('2');
  await Promise.race([pause(aloneMs - killAfterMs), interrupted]);
}
