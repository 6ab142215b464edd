import { deleteHorizonOf, emptiedBatch, type FilteredBatch, filterBatch } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { type LogConfig, largestPosition } from '../config.ts';
import { reasonOf } from '../errors.ts';
import type { Segment } from '../segment.ts';
import { CleanedFile } from './cleaned-file.ts';
import { type CleaningPass, isOpened } from './cleaning-pass.ts';
import { type PlacedBatch, verifiedBatches } from './verified-batches.ts';

/** What became of the records of a group. */
export interface GroupCount {
  recordsKept: number;
  recordsRemoved: number;
  /** ms since the epoch: the earliest at which a tombstone that is left may go. */
  nextHorizonMs: number | undefined;
}

/**
 * Writes one new segment from a run of old ones: as many as fit. Nothing is written as long as nothing has to change.
 * The last batch of the run keeps at least its header, so that the new segment ends where the next one begins.
 */
export class GroupCleaner {
  readonly count: GroupCount = { recordsKept: 0, recordsRemoved: 0, nextHorizonMs: undefined };
  readonly sources: Segment[] = [];
  readonly #pass: CleaningPass;
  readonly #directory: string;
  readonly #config: LogConfig;
  readonly #world: World;
  #output: CleanedFile | undefined;
  /** Up to here the first source stays as it is, while there is no output. */
  #unchangedBytes = 0;
  /** The last batch so far, emptied: written only if nothing follows. */
  #tail: Buffer | undefined;

  constructor(pass: CleaningPass, directory: string, config: LogConfig, world: World) {
    this.#pass = pass;
    this.#directory = directory;
    this.#config = config;
    this.#world = world;
  }

  /**
   * The new segment, its bytes on disk under the path given; `unchanged` when the sources (then one) stay; `unreadable`
   * when a segment is left alone from now on, so that the group is to be made anew. `run`: the first segment of the
   * group and those that may follow it.
   */
  async clean(
    run: readonly Segment[],
  ): Promise<{ readonly segment: Segment; readonly path: string } | 'unchanged' | 'unreadable'> {
    try {
      for (const segment of run) {
        if (this.#pass.leftAlone.has(segment) || !this.#fits(segment)) break;
        if (!(await this.#tryClean(segment))) {
          await this.#discard();
          return 'unreadable';
        }
      }
      if (this.#output === undefined) return 'unchanged';
      if (this.#tail !== undefined) await this.#output.append(this.#tail);
      return { segment: await this.#output.finish(), path: this.#output.path };
    } catch (error) {
      await this.#discard();
      throw error;
    }
  }

  async #discard(): Promise<void> {
    const output = this.#output;
    this.#output = undefined;
    try {
      await output?.discard(this.#world.files);
    } catch (error) {
      this.#world.logger.warn(
        { path: output?.path, error: reasonOf(error) },
        'what compaction wrote in vain could not be removed',
      );
    }
  }

  #fits(segment: Segment): boolean {
    const [first] = this.sources;
    if (first === undefined) return true;
    const size = (this.#output?.sizeInBytes ?? first.sizeInBytes) + segment.sizeInBytes;
    const span = segment.nextOffset - 1 - first.baseOffset;
    return size <= this.#config.segmentBytes && span <= largestPosition;
  }

  async #tryClean(segment: Segment): Promise<boolean> {
    try {
      if (this.sources.length > 0) await this.#begin();
      this.sources.push(segment);
      this.#tail = undefined;
      const { check, gapsBelow } = this.#pass.options;
      for await (const batches of verifiedBatches(segment, gapsBelow)) {
        check();
        for (const batch of batches) await this.#take(segment, batch);
      }
      return true;
    } catch (error) {
      if (this.#pass.leavesFor(segment, error)) return false;
      throw error;
    }
  }

  async #take(segment: Segment, batch: PlacedBatch): Promise<void> {
    const { bytes, header, position } = batch;
    const filtered = isOpened(batch) ? await this.#filter(segment, batch) : undefined;
    const written = filtered?.bytes ?? bytes;
    const kept = filtered?.kept ?? header.recordCount;
    this.count.recordsKept += kept;
    this.count.recordsRemoved += filtered?.removed ?? 0;
    const isLast = position + bytes.length === segment.sizeInBytes;
    const stays = kept > 0 || this.#pass.options.producerBatches.has(header.lastOffset);
    if (!stays && isLast) this.#tail = header.recordCount === 0 ? bytes : emptiedBatch(bytes);
    if (this.#output === undefined) {
      if (stays && written === bytes) {
        this.#unchangedBytes = position + bytes.length;
        return;
      }
      // What would be written for an empty last batch is that batch.
      if (this.#tail === bytes) return;
      await this.#begin();
    }
    if (stays) await this.#output?.append(written);
  }

  async #filter(segment: Segment, { bytes, header }: PlacedBatch): Promise<FilteredBatch> {
    const pass = this.#pass;
    const { now, deleteRetentionMs } = pass.options;
    await pass.codecs.load(header.compression);
    const tombstonesGo = pass.tombstonesMayGo(segment);
    const horizon = deleteHorizonOf(bytes);
    const isOver = tombstonesGo && horizon !== undefined && now >= horizon;
    const filtered = filterBatch(bytes, {
      codecs: pass.codecs.loaded,
      ...(tombstonesGo && header.lastOffset < pass.mappedTo
        ? { deleteHorizonMs: now + deleteRetentionMs }
        : {}),
      keep: (record) => {
        const { offset, keyStart, keyEnd } = record;
        if (keyEnd < 0) return true;
        if (isOver && record.isTombstone && offset < pass.mappedTo) return false;
        return (pass.newest(record.bytes, keyStart, keyEnd) ?? offset) <= offset;
      },
    });
    if (tombstonesGo && filtered.tombstones > 0) this.#noteHorizon(filtered.deleteHorizonMs);
    return filtered;
  }

  #noteHorizon(horizonMs: number | undefined): void {
    if (horizonMs === undefined) return;
    this.count.nextHorizonMs = Math.min(this.count.nextHorizonMs ?? horizonMs, horizonMs);
  }

  /** Begins to write, with what was left unchanged so far. */
  async #begin(): Promise<void> {
    const [first] = this.sources;
    if (this.#output !== undefined || first === undefined) return;
    const { files } = this.#world;
    this.#output = await CleanedFile.create(this.#directory, first.baseOffset, this.#config, files);
    if (this.#unchangedBytes === 0) return;
    const { gapsBelow } = this.#pass.options;
    for await (const batches of verifiedBatches(first, gapsBelow, this.#unchangedBytes)) {
      for (const { bytes, header } of batches) await this.#output.append(bytes, header);
    }
  }
}
