/* Files of the user's that hold a secret. */
#ifndef COLLECTORD_SECRET_FILE_H
#define COLLECTORD_SECRET_FILE_H

#include <stddef.h>

enum secret_file {
	SECRET_FILE_OK,
	SECRET_FILE_ESYSTEM, /* errno says why */
	SECRET_FILE_EOPEN,   /* no plain file, another's, or open to others */
	SECRET_FILE_ELINE    /* not one line, or text, of less than cap bytes */
};

/* Reads a file whole, a NUL after it and none in it. */
enum secret_file secret_file_text(const char *path, char *text, size_t cap);

/*
 * Reads the one line of a file, its end and what is blank around it left out.
 * Where there is none, nothing of it is in line.
 */
enum secret_file secret_file_read(const char *path, char *line, size_t cap);

#endif
