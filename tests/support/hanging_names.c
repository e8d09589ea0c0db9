/* A name service that never answers, as far as a look is concerned: it leaves word where it was waited for to the end. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found) {
    (void)host, (void)port, (void)hints, (void)found;
    sleep(60);
    FILE *word = fopen(getenv("HANGING_NAMES_WORD"), "w");
    if (word) fclose(word);
    return EAI_FAIL;
}
