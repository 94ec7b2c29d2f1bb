// SPDX-License-Identifier: Apache-2.0

/** Main: puts the page together. */

import { listenToPeople } from './controls.js';
import { Page } from './page.js';

const page = new Page();
listenToPeople(page);
page.start();
