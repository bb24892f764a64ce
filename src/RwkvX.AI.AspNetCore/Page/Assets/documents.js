// Text files that go before a question.

/** Reads files as text; a file that is none is an error that names it. */
export async function readFiles(files) {
  return Promise.all([...files].map(async file => {
    const text = new TextDecoder().decode(await file.arrayBuffer()); // a byte order mark is dropped
    if (text.includes('\0')) throw new Error(`${file.name}: expected a text file, found other bytes`);
    if (!text.trim()) throw new Error(`${file.name}: expected a text file, found an empty one`);
    return { name: file.name, text };
  }));
}

/** A message's content as OpenAI's API takes it: the documents as files, then the text. */
export async function toContent(message) {
  if (!message.documents?.length) return message.text;
  const files = await Promise.all(message.documents.map(async document => ({
    type: 'file',
    file: { filename: document.name, file_data: await toDataUri(document.text) },
  })));
  return [...files, { type: 'text', text: message.text }];
}

function toDataUri(text) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([text], { type: 'text/plain' }));
  });
}
