/*
 * What Gramine does otherwise than Linux, as far as a core could notice: for LD_PRELOAD, where there is no enclave.
 * From its sources (libos/src/fs/libos_fs_util.c, libos/src/fs/tmpfs) and its list of features:
 *  - a shared map of a file is a copy of it, made when it is mapped; a second map is a second copy;
 *  - files have no inode numbers of their own;
 *  - there are no hard links, no priorities of threads, and folders are not flushed.
 * The map of a database must therefore neither be relied on to reach its file (msync), nor its file be written while it is
 * mapped, which would put the content of the file in the place of what is in the map. Either ends the process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *volatile mapped;

static int is_file(int fd, const char *name) {
  char link[64], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  const char *last = strrchr(path, '/');
  return last != NULL && strcmp(last + 1, name) == 0;
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
  int is_data = fd >= 0 && (flags & MAP_SHARED) && is_file(fd, "data.mdb");
  if (!is_data && !(fd >= 0 && (flags & MAP_SHARED) && is_file(fd, "lock.mdb")))
    return (void *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
  int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  char *map = (char *)syscall(SYS_mmap, at, length, PROT_READ | PROT_WRITE, anonymous, -1, 0L);
  if (map == MAP_FAILED) return map;
  for (size_t done = 0; done < length;) {
    ssize_t count = syscall(SYS_pread64, fd, map + done, length - done, (long)(offset + done));
    if (count <= 0) break;
    done += (size_t)count;
  }
  if (is_data) mapped = map;
  return map;
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
  return mmap64(at, length, protection, flags, fd, offset);
}

int munmap(void *at, size_t length) {
  if (at == mapped) mapped = NULL;
  return (int)syscall(SYS_munmap, at, length);
}

int msync(void *at, size_t length, int flags) {
  (void)at, (void)length, (void)flags;
  abort();
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
  if (mapped != NULL && is_file(fd, "data.mdb")) abort();
  return syscall(SYS_pwrite64, fd, bytes, length, (long)offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}

int fstat64(int fd, struct stat64 *result) {
  if (syscall(SYS_fstat, fd, result) != 0) return -1;
  if (is_file(fd, "data.mdb") || is_file(fd, "lock.mdb")) result->st_ino = result->st_dev = 0;
  return 0;
}

int fsync(int fd) {
  struct stat64 file;
  if (syscall(SYS_fstat, fd, &file) == 0 && S_ISDIR(file.st_mode)) {
    errno = EACCES;
    return -1;
  }
  return (int)syscall(SYS_fsync, fd);
}

int link(const char *from, const char *to) {
  (void)from, (void)to;
  errno = ENOSYS;
  return -1;
}

int setpriority(int which, id_t who, int priority) {
  (void)which, (void)who, (void)priority;
  errno = ENOSYS;
  return -1;
}
