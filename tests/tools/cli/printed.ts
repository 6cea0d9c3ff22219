/** What a command prints. To be made inside a describe or a file. */
export class Printed {
  stdout = '';
  stderr = '';

  constructor() {
    beforeEach(() => {
      this.clear();
      jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((this.stdout += String(text)), true));
      jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((this.stderr += String(text)), true));
    });
    afterEach(() => jest.restoreAllMocks());
  }

  clear(): void {
    [this.stdout, this.stderr] = ['', ''];
  }
}
