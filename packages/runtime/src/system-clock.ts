import type { Clock } from './clock.ts';

export declare const systemClock: Clock;
