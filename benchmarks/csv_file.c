/* csv_file.c -- reading and writing a table of 1,000,000 x 10. benchmarks/csv_file.py makes the file, and runs this beside pandas.
 *
 *     bench-csv_file FILE THREADS [OUT]
 *
 * Prints the seconds of one read (and of one write to OUT) for each line that it gets, until there are no more. */
#include "lab/measure.h"

#include <mlcore/mlcore.h>

#include <stdlib.h>

int main(int argc, char **argv)
{
    char line[16];
    if (argc < 3 || ml_set_threads(atoi(argv[2])))
        return fprintf(stderr, "usage: bench-csv_file FILE THREADS [OUT]\n"), 2;
    while (fgets(line, sizeof line, stdin)) {
        const double start = lab_seconds();
        ml_frame *f = ml_csv_read(argv[1], (ml_csv_opts){0});
        const double read = lab_seconds();
        if (!f || (argc > 3 && ml_csv_write(f, argv[3], (ml_csv_write_opts){0})))
            return ml_perror("csv");
        printf("%.6f %.6f %lld\n", read - start, lab_seconds() - read, (long long)f->rows);
        fflush(stdout);
        ml_frame_free(f);
    }
    return 0;
}
