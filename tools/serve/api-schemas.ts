/** What `/openapi.json` says of requests and answers. */

const refusal = (description: string) => ({
  description,
  type: 'object',
  properties: { code: { type: 'string' }, message: { type: 'string' } },
});

const detection = {
  type: 'object',
  required: ['bbox', 'score', 'category_id'],
  properties: {
    bbox: {
      description: 'x, y, width, height in pixels of the picture, turned as its EXIF orientation says',
      type: 'array',
      items: { type: 'number' },
      minItems: 4,
      maxItems: 4,
    },
    score: { type: 'number' },
    category_id: { type: 'integer' },
    segmentation: {
      description: 'of a detector that finds masks: COCO’s compressed run lengths, or polygons',
      oneOf: [
        {
          type: 'object',
          properties: {
            size: { type: 'array', items: { type: 'integer' } },
            counts: { type: 'string' },
          },
        },
        { type: 'array', items: { type: 'array', items: { type: 'number' } } },
      ],
    },
    keypoints: {
      description: 'of a detector that finds keypoints: x, y, visibility of each',
      type: 'array',
      items: { type: 'number' },
    },
    keypoint_scores: { type: 'array', items: { type: 'number' } },
  },
};

const picture = { type: 'string', format: 'binary' };

/** Of `POST /detect`. */
export const detectSchema = {
  summary: 'Find the objects in a picture',
  description: 'The answer is an entry of what rcnn detect --json writes.',
  body: {
    content: {
      'image/*': { schema: picture },
      'application/octet-stream': { schema: picture },
      'multipart/form-data': { schema: { type: 'object', properties: { picture } } },
    },
  },
  response: {
    200: {
      description: 'What was found, best first',
      type: 'object',
      required: ['file', 'width', 'height', 'detections'],
      properties: {
        file: { description: 'the name of the file in the form; empty for a bare picture', type: 'string' },
        width: { type: 'integer' },
        height: { type: 'integer' },
        detections: { type: 'array', items: detection },
      },
    },
    400: refusal('There is no picture in the request, or the form is damaged'),
    413: refusal('The file is larger than is allowed'),
    422: refusal('The picture cannot be used; the code is one of docs/errors.md: picture-damaged, ...'),
    500: refusal('The detector has ended while it was at work; another one is being started'),
    503: refusal('Busy, not ready, stopping, or timed out; see Retry-After'),
  },
};

const state = {
  type: 'object',
  properties: { status: { type: 'string' } },
};

/** Of `GET /health`. */
export const healthSchema = { summary: 'Whether the process is alive', response: { 200: state } };

/** Of `GET /ready`. */
export const readySchema = {
  summary: 'Whether pictures are taken',
  response: { 200: state, 503: refusal('The detector is being loaded, or the service stopped') },
};
