/*
 * cut-power <mount point> <flags> [<file> <page> <pages>]...
 *
 * First lets the kernel write some dirty pages of some files, as it may at any moment; then stops the ext4 file system
 * as a power cut would (EXT4_IOC_SHUTDOWN): what is not on the disk by now will never be.
 * flags: 1 writes the journal first, 2 does not. Prints when the cut began, in ns of CLOCK_MONOTONIC.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SHUTDOWN _IOR('X', 125, uint32_t)
#define PAGE 4096

static int write_pages(const char *path, off_t from, off_t count) {
  int file = open(path, O_RDONLY);
  if (file < 0) return 0; /* gone meanwhile */
  int result = sync_file_range(file, from * PAGE, count * PAGE,
                               SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  close(file);
  return result;
}

int main(int argc, char **argv) {
  if (argc < 3 || (argc - 3) % 3 != 0) {
    fprintf(stderr, "usage: cut-power <mount point> <flags> [<file> <page> <pages>]...\n");
    return 2;
  }
  for (int at = 3; at < argc; at += 3) {
    if (write_pages(argv[at], atol(argv[at + 1]), atol(argv[at + 2])) != 0) {
      perror("sync_file_range");
      return 1;
    }
  }
  int directory = open(argv[1], O_RDONLY | O_DIRECTORY);
  uint32_t flags = (uint32_t)atoi(argv[2]);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (directory < 0 || ioctl(directory, SHUTDOWN, &flags) != 0) {
    perror("cut-power");
    return 1;
  }
  printf("%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
  return 0;
}
