// Reads an AsyncAPI document and prints what AsyncAPI's own parser says of it: one line for each finding.
// Exit code 1 when it is no valid document. Hints on style (severity above 1) are not shown.
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';

const { document, diagnostics } = await new Parser().parse(await readFile(process.argv[2], 'utf8'));
const serious = diagnostics.filter((one) => one.severity <= 1);
for (const { path, message } of serious) console.log(`${path.join('.')}: ${message}`);
if (!document || serious.length > 0) process.exit(1);
console.log(`${document.messages().all().length} messages in ${document.channels().all().length} channels`);
