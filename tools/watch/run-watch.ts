import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { InputError } from '../../detection/errors';
import { readYamlFile } from '../config/yaml-file';
import { serveLoopback, type Answer, type LoopbackServer } from '../loopback/loopback-server';
import { runFolder } from '../run/folder/run-folder';
import { isAtWork } from '../run/folder/run-lock';
import { FollowedMetrics } from './followed-metrics';
import { FollowedPictures } from './followed-pictures';
import { liveBody, watchPage, type WatchedRun } from './watch-page';

/** Between two looks at the run's folder, milliseconds. */
const LOOK_MILLISECONDS = 1000;

const configuration = z.object({ iterations: z.number(), model: z.object({ name: z.string() }) });

/**
 * Serves a page on loopback that shows a run while it goes on: it reads what the run writes, and touches nothing. The caller closes it.
 *
 * @param folder of the run
 * @param port 0 for any that is free
 * @throws InputError where there is no run, or the port cannot be had.
 */
export async function watchRun(folder: string, port: number): Promise<LoopbackServer> {
  const { config, metrics: metricsFile } = runFolder(folder);
  if (!existsSync(config)) {
    throw new InputError('no-run', `${folder}: is not the folder of a run; rcnn train --output makes one`, {
      output: folder,
    });
  }
  const { iterations, model } = configuration.parse(readYamlFile(config).values);
  const metrics = new FollowedMetrics(metricsFile);
  const pictures = new FollowedPictures(folder);
  const listeners = new Set<ServerResponse>();
  let wasAtWork = false;
  const look = (): boolean => {
    const changes = [metrics.update(), pictures.update(), wasAtWork !== isAtWork(folder)];
    wasAtWork = isAtWork(folder);
    return changes.includes(true);
  };
  const run = (): WatchedRun => ({
    name: path.basename(path.resolve(folder)),
    model: model.name,
    iterations,
    isAtWork: wasAtWork,
    metrics: metrics.metrics,
    pictures: pictures.pictures,
  });
  const tell = (): void => {
    if (!look() || listeners.size === 0) return;
    const message = `data: ${JSON.stringify(liveBody(run()).text)}\n\n`;
    // Who does not read what was said before gets the next one.
    for (const listener of listeners) if (listener.writableLength === 0) listener.write(message);
  };
  const answer = (asked: string, to: Answer): void => {
    const [, digits] = /^\/pictures\/(\d{1,9})(?:\?\d*)?$/.exec(asked) ?? [];
    const picture = digits === undefined ? undefined : pictures.pictures[Number(digits)];
    if (asked === '/') {
      look();
      to.send(200, 'text/html; charset=utf-8', watchPage(run()), { 'Cache-Control': 'no-store' });
    } else if (asked === '/events') {
      to.start(200, 'text/event-stream', { 'Cache-Control': 'no-store' });
      to.response.write('retry: 2000\n\n');
      listeners.add(to.response);
      to.response.on('close', () => listeners.delete(to.response));
    } else if (picture) {
      to.send(200, 'image/png', picture.encoded, { 'Cache-Control': 'private, max-age=3600' });
    } else {
      to.refuse(404, 'There is nothing here.');
    }
  };
  look();
  const server = await serveLoopback(port, '--port', answer);
  const timer = setInterval(tell, LOOK_MILLISECONDS);
  return {
    url: server.url,
    close: () => {
      clearInterval(timer);
      return server.close();
    },
  };
}
