import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isThere } from './debian.ts';

export const kafkaVersion = '4.1.0';
const folder = fileURLToPath(new URL(`../../../.millrace/kafka-${kafkaVersion}/`, import.meta.url));
const jars = join(folder, 'jars');

const artifacts = ['kafka_2.13', 'kafka-tools']
  .map(
    (name) =>
      `<dependency><groupId>org.apache.kafka</groupId><artifactId>${name}</artifactId><version>${kafkaVersion}</version></dependency>`,
  )
  .join('');
const project = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>field</groupId><artifactId>field</artifactId><version>1</version><dependencies>${artifacts}</dependencies></project>`;

/** Apache Kafka's class path; its jars come from Maven Central, once. */
export const classPath = `${jars}/*`;

/** How to get it; undefined when it is there, or could be fetched. */
export async function missingKafka(): Promise<string | undefined> {
  if (!isThere('java')) return 'a JDK: sudo apt-get install default-jdk-headless';
  if (existsSync(jars) && readdirSync(jars).length > 0) return undefined;
  if (!isThere('mvn')) return 'Maven: sudo apt-get install maven';
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pom.xml'), project);
  console.error(`bench: fetching Apache Kafka ${kafkaVersion} from Maven Central`);
  const args = [
    '-q',
    '-B',
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    '-DoutputDirectory=jars',
  ];
  try {
    execFileSync('mvn', args, { cwd: folder, stdio: 'ignore' });
  } catch {
    return 'its jars: Maven could not fetch them';
  }
  return undefined;
}
