/** How names of keypoints say that they are of the left; what says right in its place. */
const SIDES: readonly (readonly [left: RegExp, right: string])[] = [
  [/left/, 'right'],
  [/Left/, 'Right'],
  [/LEFT/, 'RIGHT'],
  // L_Eye, eyeL, forelegL1, LF_paw; not Lip, nor TAIL.
  [/(?<![A-Z])L(?![a-z])/, 'R'],
  // l_eye, eye-l, l1; not nail.
  [/(?<![A-Za-z])l(?![A-Za-z])/, 'r'],
];

/** The name of the keypoint on the other side: `right_eye` of `left_eye`. Undefined where a name does not say that it is of the left. */
export function mirroredName(name: string): string | undefined {
  const side = SIDES.find(([left]) => left.test(name));
  return side && name.replace(side[0], side[1]);
}
