import type { FastifyRequest } from 'fastify';
import type { SentPicture } from './answering-detector';
import { ServiceError } from './service-error';

/**
 * The picture in a request: its body, or the file of a form. What a form has besides is passed over.
 *
 * @throws ServiceError where there is none; Fastify's error where it is too large, or the form is damaged
 */
export async function sentPicture(request: FastifyRequest, maxBytes: number): Promise<SentPicture> {
  if (request.isMultipart()) {
    return pictureOfForm(request, maxBytes).catch((error: Error) => {
      // Of a form that it cannot read, the parser throws plain errors.
      throw 'statusCode' in error ? error : noPicture(`the form is damaged (${error.message})`);
    });
  }
  const { body } = request;
  if (!Buffer.isBuffer(body)) throw noPicture('the request has no body');
  return { name: '', bytes: ownBytes(body) };
}

async function pictureOfForm(request: FastifyRequest, maxBytes: number): Promise<SentPicture> {
  const part = await request.file({ limits: { files: 1, fileSize: maxBytes, fields: 20, fieldSize: 1000 } });
  if (part === undefined) throw noPicture('the form has no file');
  return { name: part.filename, bytes: ownBytes(await part.toBuffer()) };
}

/** Memory of its own, that can be handed over to another thread. */
function ownBytes(buffer: Buffer): Uint8Array {
  return buffer.byteLength === buffer.buffer.byteLength ? buffer : new Uint8Array(buffer);
}

function noPicture(reason: string): ServiceError {
  return new ServiceError(
    400,
    'no-picture',
    `${reason}: send the bytes of a picture, or a form (multipart/form-data) with one`,
  );
}
