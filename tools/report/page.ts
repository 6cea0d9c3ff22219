import { confusion } from './confusion';
import type { ReportData } from './data';
import { htmlDocument } from '../html/document';
import { errorKinds } from './errors';
import { gallery } from './gallery';
import type { Markup } from '../html/html';
import { keypointSection } from './keypoints';
import { averagePrecision, precisionRecall } from './precision';
import { headline, setting } from '../html/setting';
import { trainingCurves } from './training';
import { worstImages } from './worst-images';

/** The report as one HTML page that needs no other file. Everything in `data` may hold markup: it is escaped. */
export function reportPage(data: ReportData): string {
  const { evaluation, worst, losses, scoreThreshold } = data;
  const sections: Markup[] = [];
  if (evaluation) sections.push(...averagePrecision(evaluation.tasks));
  if (data.gallery.length > 0) sections.push(gallery(data));
  if (evaluation) {
    if (evaluation.keypoints) sections.push(keypointSection(evaluation.keypoints, scoreThreshold));
    sections.push(errorKinds(evaluation.errors));
    if (worst.length > 0) sections.push(worstImages(data));
    sections.push(confusion(evaluation.confusion, scoreThreshold), precisionRecall(evaluation.tasks));
  }
  if (losses.length > 0) sections.push(trainingCurves(data));
  sections.push(setting(data));
  return htmlDocument(data.title, data.subtitle, [headline(data), ...sections]);
}
