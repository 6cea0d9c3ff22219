const VIDEO_NAME = /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|m?ts|m2ts|wmv|flv|ogv|3gp)$/i;

/** Whether a file's name is that of a video. */
export function isVideoName(name: string): boolean {
  return VIDEO_NAME.test(name);
}
