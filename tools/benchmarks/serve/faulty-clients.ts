import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { HttpClient } from './http-client';

/** Sends what a service has to survive. @returns the status of the answer; undefined where none is waited for */
type FaultyClient = (url: string, picture: Buffer) => Promise<number | undefined>;

/** A kind of fault, and the statuses that the service may answer with. */
export interface FaultKind {
  readonly name: string;
  readonly statuses: readonly number[];
  readonly send: FaultyClient;
}

/** More than `rcnn serve` takes unless it is told otherwise. */
const TOO_LARGE = 25_000_000;
/** Bytes that a slow client sends, one after the other, until it gives up; and how long it waits after each. */
const SLOW_BYTES = 20;
const SLOW_MILLISECONDS = 500;

/** Whatever is posted, a service that is full may say so. */
const BUSY = 503;

/** All kinds of faults. */
export const faultKinds: readonly FaultKind[] = [
  { name: 'noise', statuses: [422, BUSY], send: (url) => posted(url, Buffer.from('no picture at all')) },
  { name: 'empty', statuses: [400, BUSY], send: (url) => posted(url, Buffer.alloc(0)) },
  {
    name: 'truncated',
    statuses: [422, BUSY],
    send: (url, picture) => posted(url, picture.subarray(0, picture.length >> 1)),
  },
  { name: 'bomb', statuses: [422, BUSY], send: (url) => posted(url, bomb()) },
  { name: 'too large', statuses: [413, BUSY], send: (url) => posted(url, Buffer.alloc(TOO_LARGE)) },
  { name: 'damaged form', statuses: [400, BUSY], send: damagedForm },
  { name: 'given up while sending', statuses: [], send: (url, picture) => givenUp(url, picture, 0.5) },
  { name: 'given up while waiting', statuses: [], send: (url, picture) => givenUp(url, picture, 1) },
  { name: 'slow', statuses: [], send: slow },
  { name: 'no HTTP', statuses: [], send: noHttp },
];

async function posted(url: string, bytes: Buffer): Promise<number | undefined> {
  const client = new HttpClient(url);
  try {
    return (await client.post(bytes)).status;
  } catch (error) {
    // The service may close the connection before all is sent: then there is no telling what it has said.
    if (bytes.length < TOO_LARGE) throw error;
    return undefined;
  } finally {
    client.close();
  }
}

/** A PNG file of some bytes that declares 40 000 x 40 000 pixels. */
export function bomb(): Buffer {
  const header = Buffer.from('IHDR\0\0\0\0\0\0\0\0\x08\x02\0\0\0', 'latin1');
  header.writeUInt32BE(40_000, 4);
  header.writeUInt32BE(40_000, 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\x0d', 'latin1'),
    header,
    numberBytes(crc32(header)),
    Buffer.from('\0\0\0\0IEND\xae\x42\x60\x82', 'latin1'),
  ]);
}

function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

async function damagedForm(url: string): Promise<number | undefined> {
  const body = '--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nabc';
  const socket = await begun(url, body.length, 'multipart/form-data; boundary=x');
  try {
    socket.write(body);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return Number(answer.toString().split(' ')[1]);
  } finally {
    socket.destroy();
  }
}

async function givenUp(url: string, picture: Buffer, share: number): Promise<undefined> {
  const socket = await begun(url, picture.length);
  socket.write(picture.subarray(0, Math.ceil(share * picture.length)));
  await sleep(20);
  socket.destroy();
}

async function slow(url: string, picture: Buffer): Promise<undefined> {
  const socket = await begun(url, picture.length);
  for (let k = 0; k < SLOW_BYTES && !socket.destroyed; k++) {
    socket.write(picture.subarray(k, k + 1));
    await sleep(SLOW_MILLISECONDS);
  }
  socket.destroy();
}

async function noHttp(url: string): Promise<undefined> {
  const socket = await connected(url);
  socket.write('\0\x01\x02 this is no HTTP\r\n\r\n');
  await sleep(20);
  socket.destroy();
}

/** A connection on which a request has begun. */
async function begun(url: string, length: number, type = 'image/jpeg'): Promise<Socket> {
  const socket = await connected(url);
  socket.write(
    `POST /detect HTTP/1.1\r\nHost: faults\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`,
  );
  return socket;
}

async function connected(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  // The service may end the connection at any time: that is its right.
  socket.on('error', () => undefined);
  return socket;
}
