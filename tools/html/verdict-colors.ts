import type { Verdict } from '../../datasets/evaluation/errors/verdicts';

/** Bright, and apart also for who does not see red or green. */
export const verdictColors: Readonly<Record<Verdict, string>> = {
  right: '#00d084',
  classification: '#ff8a00',
  localization: '#ffd400',
  both: '#b15cff',
  duplicate: '#00c2ff',
  background: '#ff3b5c',
  missed: '#3f6bff',
  crowd: '#9498a0',
};
