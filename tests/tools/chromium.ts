import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { describeWith } from '../peer';

const executable = (process.env['PATH'] ?? '')
  .split(path.delimiter)
  .flatMap((folder) =>
    ['chromium', 'chromium-browser', 'google-chrome'].map((name) => path.join(folder, name)),
  )
  .find((file) => existsSync(file));

/** Tests that need a browser. */
export const describeChromium = describeWith('Chromium', executable !== undefined);

/** The system's Chromium, started once for a file of tests. To be made inside of a describe. */
export class TestBrowser {
  private browser: Browser | undefined;
  /** Complaints of pages, and what they have asked for beside themselves. */
  readonly complaints: string[] = [];
  readonly requests: string[] = [];

  constructor() {
    beforeAll(async () => {
      this.browser = await chromium.launch({
        executablePath: executable,
        // As root there is no sandbox. It is to speak to nobody.
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'].concat([
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ]),
      });
    });
    beforeEach(() => {
      this.complaints.length = 0;
      this.requests.length = 0;
    });
    afterAll(() => this.browser?.close());
  }

  async open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.browser!.newPage({ viewport: { width: 1200, height: 800 }, ...options });
    page.on('console', (message) => this.complaints.push(message.text()));
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      if (request.url() !== url && !/^(data|blob):/.test(request.url())) this.requests.push(request.url());
    });
    await page.goto(url);
    return page;
  }
}
