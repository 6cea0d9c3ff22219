import { byId } from '../../html/elements';

/** Gets a file, however the user has given it. */
export type FileTaker = (file: File) => void;

/**
 * Takes files that are chosen, dropped or pasted anywhere in the page: detectors, whose names end in .safetensors, and pictures, which
 * are all others. Of several the first counts.
 */
export function takeFiles(takePicture: FileTaker, takeDetector: FileTaker): void {
  const take = (files: FileList | undefined): void => {
    const file = files?.[0];
    if (file !== undefined) (/\.safetensors$/i.test(file.name) ? takeDetector : takePicture)(file);
  };
  for (const id of ['picture', 'detector']) {
    const input = byId(id, HTMLInputElement);
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      if (file !== undefined) (id === 'detector' ? takeDetector : takePicture)(file);
      // Choosing the same file again is a change, too.
      input.value = '';
    });
  }
  const { body } = document;
  const marks = (dragging: boolean) => (event: DragEvent) => {
    event.preventDefault();
    body.classList.toggle('dragging', dragging);
  };
  addEventListener('dragover', marks(true));
  addEventListener('dragleave', marks(false));
  addEventListener('drop', (event) => {
    marks(false)(event);
    take(event.dataTransfer?.files);
  });
  addEventListener('paste', (event) => take(event.clipboardData?.files));
}
