import multipart from '@fastify/multipart';
import swagger from '@fastify/swagger';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { writeMessage } from '../terminal/progress';
import { detectSchema, healthSchema, readySchema } from './api-schemas';
import type { DetectionService } from './detection-service';
import { DetectorDeath } from './detector-thread';
import { sentPicture } from './sent-picture';
import { CLIENT_GONE, gone, notReady, ServiceError, timedOut } from './service-error';

/** In which a request has to arrive, its picture included. */
const UPLOAD_SECONDS = 30;
/** How long a connection is kept that nobody uses. */
const IDLE_SECONDS = 10;
/** How often connections are looked at for that. */
const CHECK_SECONDS = 1;

const JSON_TYPE = 'application/json; charset=utf-8';

/** The HTTP side of a service; it listens nowhere yet, and the caller closes it. */
export async function createServer(service: DetectionService, version: string): Promise<FastifyInstance> {
  const { maxBytes, timeoutSeconds } = service.limits;
  const requestTimeout = 1000 * Math.min(UPLOAD_SECONDS, timeoutSeconds);
  const app = fastify({
    bodyLimit: maxBytes,
    requestTimeout,
    keepAliveTimeout: 1000 * IDLE_SECONDS,
    // Of a client that reads no answer.
    connectionTimeout: 1000 * (timeoutSeconds + UPLOAD_SECONDS),
    // Node takes the larger of the two time-outs for the whole request, and that of headers is a minute unless it is told.
    http: { connectionsCheckingInterval: 1000 * CHECK_SECONDS, headersTimeout: requestTimeout },
  });
  // What a picture is, its bytes tell; senders say all sorts of things.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  // There is nothing to validate: schemas are for /openapi.json.
  app.setValidatorCompiler(() => () => true);
  await app.register(multipart);
  await app.register(swagger, {
    openapi: { info: { title: 'rcnn serve', description: 'Object detection', version } },
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (service.isStopping) reply.header('connection', 'close');
    done();
  });
  app.setNotFoundHandler(() => {
    const message =
      'there are POST /detect and GET /health, /ready, /metrics, /openapi.json; the method counts, too';
    throw new ServiceError(404, 'not-found', message);
  });
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const refusal = asServiceError(error, reply, maxBytes);
    if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter);
    return reply.code(refusal.statusCode).send({ code: refusal.code, message: refusal.message });
  });
  addDetection(app, service);
  app.get('/health', { schema: healthSchema }, () => ({ status: 'alive' }));
  app.get('/ready', { schema: readySchema }, () => {
    if (!service.isReady) throw notReady();
    return { status: 'ready' };
  });
  app.get(
    '/metrics',
    { schema: { summary: 'Metrics in Prometheus’ text format' } },
    async (_request, reply) => {
      const { registry } = service.metrics;
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  return app;
}

function addDetection(app: FastifyInstance, service: DetectionService): void {
  app.post('/detect', {
    schema: detectSchema,
    onRequest: (_request, { raw }, done) => {
      const started = performance.now();
      // Also when the other side has gone.
      raw.once('close', () => {
        const status = raw.writableEnded ? raw.statusCode : CLIENT_GONE;
        service.metrics.answered(status, (performance.now() - started) / 1000);
      });
      const refusal = service.enter();
      if (refusal === undefined) raw.once('close', () => service.leave());
      done(refusal);
    },
    handler: async (request, reply) => {
      const { maxBytes, timeoutSeconds } = service.limits;
      const signal = signalOf(reply, timeoutSeconds);
      const answer = await service.detect(await sentPicture(request, maxBytes), signal);
      if ('json' in answer) return reply.type(JSON_TYPE).send(answer.json);
      throw new ServiceError(422, answer.refusal.code, answer.refusal.message);
    },
  });
}

/** Aborted when there is no answer after so long, and when the other side has gone. */
function signalOf({ raw }: FastifyReply, timeoutSeconds: number): AbortSignal {
  // Fastify's own signal ends when the body has been read.
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(timedOut(timeoutSeconds)), 1000 * timeoutSeconds);
  raw.once('close', () => {
    clearTimeout(timer);
    controller.abort(gone());
  });
  return controller.signal;
}

function asServiceError(error: FastifyError, { raw }: FastifyReply, maxBytes: number): ServiceError {
  if (error instanceof ServiceError) return error;
  const { code, message, statusCode = 500 } = error;
  if (error instanceof DetectorDeath) {
    return new ServiceError(500, 'detector-ended', `${message}; another one is being started`);
  }
  if (raw.closed) return gone();
  if (statusCode === 413)
    return new ServiceError(413, 'too-large', `the file has more than ${maxBytes} bytes`);
  if (statusCode < 500) return new ServiceError(statusCode, code ?? 'bad-request', message);
  writeMessage(error.stack ?? message);
  return new ServiceError(500, 'bug', 'a fault of this program; its standard error has more');
}
