// `node ../../tools/bundle-package.mjs`, in the directory of a package: its JavaScript, for `npm run build`.
import { bundlePackage } from './bundle.mjs';

await bundlePackage();
