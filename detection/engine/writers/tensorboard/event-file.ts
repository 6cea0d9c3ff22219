import { closeSync, ftruncateSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { maskedCrc32c } from './crc32c';

/** What TensorFlow and TensorBoard look for in a folder; the number is the seconds since 1970 of its making. */
const FILE_NAME = /^events\.out\.tfevents\.(\d{10,})\./;

/** Names of the event files in a folder that exists. */
export function eventFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => FILE_NAME.test(name));
}

/**
 * An event file that is being written. Each record goes to the system at once, so that a process that dies loses
 * nothing that it appended; half a record at the end, of a machine that dies, ends the file for every reader.
 */
export class EventFile {
  private readonly descriptor: number;
  private length = 0;

  /**
   * Makes a new file. TensorBoard reads a folder's files in the order of their names and takes each for finished
   * when there is a later one: the new file's name is later than all of them, however the clock has been set.
   */
  constructor(folder: string) {
    const earlier = eventFiles(folder).map((name) => Number(FILE_NAME.exec(name)![1]));
    const seconds = Math.max(Math.floor(Date.now() / 1000), ...earlier.map((second) => second + 1));
    const name = `events.out.tfevents.${String(seconds).padStart(10, '0')}.${hostname()}.${process.pid}`;
    // ax: no other process's file, and what follows a shortened one goes to its new end.
    this.descriptor = openSync(path.join(folder, name), 'ax');
  }

  /** Appends one record. Where that fails, the file ends after the record before, and more may be appended. */
  append(data: Uint8Array): void {
    const record = frame(data);
    try {
      writeFileSync(this.descriptor, record);
    } catch (error) {
      ftruncateSync(this.descriptor, this.length);
      throw error;
    }
    this.length += record.length;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** A record of TensorFlow's record files: length (64 bits), its checksum, data, its checksum; all little-endian. */
export function frame(data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

function checksum(bytes: Uint8Array): Buffer {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(maskedCrc32c(bytes));
  return four;
}
