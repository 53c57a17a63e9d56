/*
 * names.c - the names of both networks' classes, and how they belong together.
 *
 * The detector's are COCO's 80, numbered as the model numbers them, with COCO's supercategory as
 * the wider kind. Of the classifier's the table below tells which are kinds of those: it keeps the
 * two from contradicting each other, and gives a fine name its wider ones. ImageNet's numbers are
 * in the order of its synsets, so that kinds of animals lie together.
 */
#include "vision/names.h"

#include <stdint.h>

enum {
    PERSON,
    BICYCLE,
    CAR,
    MOTORCYCLE,
    AIRPLANE,
    BUS,
    TRAIN,
    TRUCK,
    BOAT,
    TRAFFIC_LIGHT,
    FIRE_HYDRANT,
    STOP_SIGN = 12,
    PARKING_METER,
    BENCH,
    BIRD,
    CAT,
    DOG,
    HORSE,
    SHEEP,
    COW,
    ELEPHANT,
    BEAR,
    ZEBRA,
    GIRAFFE,
    BACKPACK = 26,
    UMBRELLA,
    HANDBAG = 30,
    TIE,
    SUITCASE,
    FRISBEE,
    SKIS,
    SNOWBOARD,
    SPORTS_BALL,
    KITE,
    BASEBALL_BAT,
    BASEBALL_GLOVE,
    SKATEBOARD,
    SURFBOARD,
    TENNIS_RACKET,
    BOTTLE,
    WINE_GLASS = 45,
    CUP,
    FORK,
    KNIFE,
    SPOON,
    BOWL,
    BANANA,
    APPLE,
    SANDWICH,
    ORANGE,
    BROCCOLI,
    CARROT,
    HOT_DOG,
    PIZZA,
    DONUT,
    CAKE,
    CHAIR,
    COUCH,
    POTTED_PLANT,
    BED,
    DINING_TABLE = 66,
    TOILET = 69,
    TV = 71,
    LAPTOP,
    MOUSE,
    REMOTE,
    KEYBOARD,
    CELL_PHONE,
    MICROWAVE,
    OVEN,
    TOASTER,
    SINK,
    REFRIGERATOR,
    BOOK = 83,
    CLOCK,
    VASE,
    SCISSORS,
    TEDDY_BEAR,
    HAIR_DRIER,
    TOOTHBRUSH
};

const struct detected_name detected_names[NAMES_DETECTED] = {
    [PERSON] = {{"Person", 6}, {"", 0}, {{"Human", 5}}},
    [BICYCLE] = {{"Bicycle", 7}, {"Vehicle", 7}, {{"Bike", 4}}},
    [CAR] = {{"Car", 3}, {"Vehicle", 7}, {{"Automobile", 10}}},
    [MOTORCYCLE] = {{"Motorcycle", 10}, {"Vehicle", 7}, {{"Motorbike", 9}}},
    [AIRPLANE] = {{"Airplane", 8}, {"Vehicle", 7}, {{"Aeroplane", 9}, {"Plane", 5}}},
    [BUS] = {{"Bus", 3}, {"Vehicle", 7}},
    [TRAIN] = {{"Train", 5}, {"Vehicle", 7}},
    [TRUCK] = {{"Truck", 5}, {"Vehicle", 7}},
    [BOAT] = {{"Boat", 4}, {"Vehicle", 7}, {{"Ship", 4}}},
    [TRAFFIC_LIGHT] = {{"Traffic Light", 13}, {"Outdoor", 7}, {{"Traffic Signal", 14}}},
    [FIRE_HYDRANT] = {{"Fire Hydrant", 12}, {"Outdoor", 7}},
    [STOP_SIGN] = {{"Stop Sign", 9}, {"Outdoor", 7}},
    [PARKING_METER] = {{"Parking Meter", 13}, {"Outdoor", 7}},
    [BENCH] = {{"Bench", 5}, {"Outdoor", 7}},
    [BIRD] = {{"Bird", 4}, {"Animal", 6}},
    [CAT] = {{"Cat", 3}, {"Animal", 6}},
    [DOG] = {{"Dog", 3}, {"Animal", 6}},
    [HORSE] = {{"Horse", 5}, {"Animal", 6}},
    [SHEEP] = {{"Sheep", 5}, {"Animal", 6}},
    [COW] = {{"Cow", 3}, {"Animal", 6}, {{"Cattle", 6}}},
    [ELEPHANT] = {{"Elephant", 8}, {"Animal", 6}},
    [BEAR] = {{"Bear", 4}, {"Animal", 6}},
    [ZEBRA] = {{"Zebra", 5}, {"Animal", 6}},
    [GIRAFFE] = {{"Giraffe", 7}, {"Animal", 6}},
    [BACKPACK] = {{"Backpack", 8}, {"Accessory", 9}, {{"Rucksack", 8}}},
    [UMBRELLA] = {{"Umbrella", 8}, {"Accessory", 9}},
    [HANDBAG] = {{"Handbag", 7}, {"Accessory", 9}, {{"Purse", 5}}},
    [TIE] = {{"Tie", 3}, {"Accessory", 9}},
    [SUITCASE] = {{"Suitcase", 8}, {"Accessory", 9}, {{"Luggage", 7}}},
    [FRISBEE] = {{"Frisbee", 7}, {"Sports", 6}, {{"Flying Disc", 11}}},
    [SKIS] = {{"Skis", 4}, {"Sports", 6}},
    [SNOWBOARD] = {{"Snowboard", 9}, {"Sports", 6}},
    [SPORTS_BALL] = {{"Sports Ball", 11}, {"Sports", 6}},
    [KITE] = {{"Kite", 4}, {"Sports", 6}},
    [BASEBALL_BAT] = {{"Baseball Bat", 12}, {"Sports", 6}},
    [BASEBALL_GLOVE] = {{"Baseball Glove", 14}, {"Sports", 6}},
    [SKATEBOARD] = {{"Skateboard", 10}, {"Sports", 6}},
    [SURFBOARD] = {{"Surfboard", 9}, {"Sports", 6}},
    [TENNIS_RACKET] = {{"Tennis Racket", 13}, {"Sports", 6}},
    [BOTTLE] = {{"Bottle", 6}, {"Kitchen", 7}},
    [WINE_GLASS] = {{"Wine Glass", 10}, {"Kitchen", 7}},
    [CUP] = {{"Cup", 3}, {"Kitchen", 7}},
    [FORK] = {{"Fork", 4}, {"Kitchen", 7}},
    [KNIFE] = {{"Knife", 5}, {"Kitchen", 7}},
    [SPOON] = {{"Spoon", 5}, {"Kitchen", 7}},
    [BOWL] = {{"Bowl", 4}, {"Kitchen", 7}},
    [BANANA] = {{"Banana", 6}, {"Food", 4}},
    [APPLE] = {{"Apple", 5}, {"Food", 4}},
    [SANDWICH] = {{"Sandwich", 8}, {"Food", 4}},
    [ORANGE] = {{"Orange", 6}, {"Food", 4}},
    [BROCCOLI] = {{"Broccoli", 8}, {"Food", 4}},
    [CARROT] = {{"Carrot", 6}, {"Food", 4}},
    [HOT_DOG] = {{"Hot Dog", 7}, {"Food", 4}},
    [PIZZA] = {{"Pizza", 5}, {"Food", 4}},
    [DONUT] = {{"Donut", 5}, {"Food", 4}, {{"Doughnut", 8}}},
    [CAKE] = {{"Cake", 4}, {"Food", 4}},
    [CHAIR] = {{"Chair", 5}, {"Furniture", 9}},
    [COUCH] = {{"Couch", 5}, {"Furniture", 9}, {{"Sofa", 4}}},
    [POTTED_PLANT] = {{"Potted Plant", 12}, {"Furniture", 9}, {{"Houseplant", 10}}},
    [BED] = {{"Bed", 3}, {"Furniture", 9}},
    [DINING_TABLE] = {{"Dining Table", 12}, {"Furniture", 9}},
    [TOILET] = {{"Toilet", 6}, {"Furniture", 9}},
    [TV] = {{"TV", 2}, {"Electronics", 11}, {{"Television", 10}}},
    [LAPTOP] = {{"Laptop", 6}, {"Electronics", 11}, {{"Notebook", 8}}},
    [MOUSE] = {{"Mouse", 5}, {"Electronics", 11}, {{"Computer Mouse", 14}}},
    [REMOTE] = {{"Remote", 6}, {"Electronics", 11}, {{"Remote Control", 14}}},
    [KEYBOARD] = {{"Keyboard", 8}, {"Electronics", 11}, {{"Computer Keyboard", 17}}},
    [CELL_PHONE] = {{"Cell Phone", 10}, {"Electronics", 11}, {{"Mobile Phone", 12}}},
    [MICROWAVE] = {{"Microwave", 9}, {"Appliance", 9}},
    [OVEN] = {{"Oven", 4}, {"Appliance", 9}},
    [TOASTER] = {{"Toaster", 7}, {"Appliance", 9}},
    [SINK] = {{"Sink", 4}, {"Appliance", 9}},
    [REFRIGERATOR] = {{"Refrigerator", 12}, {"Appliance", 9}, {{"Fridge", 6}}},
    [BOOK] = {{"Book", 4}, {"Indoor", 6}},
    [CLOCK] = {{"Clock", 5}, {"Indoor", 6}},
    [VASE] = {{"Vase", 4}, {"Indoor", 6}},
    [SCISSORS] = {{"Scissors", 8}, {"Indoor", 6}},
    [TEDDY_BEAR] = {{"Teddy Bear", 10}, {"Indoor", 6}},
    [HAIR_DRIER] = {{"Hair Drier", 10}, {"Indoor", 6}, {{"Hair Dryer", 10}}},
    [TOOTHBRUSH] = {{"Toothbrush", 10}, {"Indoor", 6}},
};

static const struct {
    short first, last, detected;
} WIDER[] = {
    {7, 24, BIRD},
    {80, 100, BIRD},
    {127, 146, BIRD},
    {151, 268, DOG},
    {281, 285, CAT},
    {294, 297, BEAR},
    {339, 339, HORSE},
    {340, 340, ZEBRA},
    {345, 345, COW},
    {348, 348, SHEEP},
    {385, 386, ELEPHANT},
    {404, 404, AIRPLANE},
    {407, 407, CAR},
    {409, 409, CLOCK},
    {414, 414, BACKPACK},
    {423, 423, CHAIR},
    {429, 430, SPORTS_BALL},
    {436, 436, CAR},
    {440, 440, BOTTLE},
    {444, 444, BICYCLE},
    {451, 451, TIE},
    {457, 457, TIE},
    {466, 466, TRAIN},
    {468, 468, CAR},
    {472, 472, BOAT},
    {484, 484, BOAT},
    {487, 487, CELL_PHONE},
    {499, 499, KNIFE},
    {504, 504, CUP},
    {508, 508, KEYBOARD},
    {510, 510, BOAT},
    {511, 511, CAR},
    {522, 522, SPORTS_BALL},
    {530, 530, CLOCK},
    {532, 532, DINING_TABLE},
    {547, 547, TRAIN},
    {554, 554, BOAT},
    {555, 555, TRUCK},
    {559, 559, CHAIR},
    {564, 564, BED},
    {569, 569, TRUCK},
    {574, 574, SPORTS_BALL},
    {576, 576, BOAT},
    {589, 589, HAIR_DRIER},
    {609, 609, CAR},
    {620, 620, LAPTOP},
    {625, 625, BOAT},
    {627, 627, CAR},
    {628, 628, BOAT},
    {651, 651, MICROWAVE},
    {654, 654, BUS},
    {656, 656, CAR},
    {659, 659, BOWL},
    {661, 661, CAR},
    {665, 665, MOTORCYCLE},
    {670, 670, MOTORCYCLE},
    {671, 671, BICYCLE},
    {673, 673, MOUSE},
    {675, 675, TRUCK},
    {681, 681, LAPTOP},
    {703, 703, BENCH},
    {704, 704, PARKING_METER},
    {705, 705, TRAIN},
    {717, 717, TRUCK},
    {720, 720, BOTTLE},
    {722, 722, SPORTS_BALL},
    {737, 737, BOTTLE},
    {748, 748, HANDBAG},
    {751, 751, CAR},
    {752, 752, TENNIS_RACKET},
    {760, 760, REFRIGERATOR},
    {761, 761, REMOTE},
    {765, 765, CHAIR},
    {768, 768, SPORTS_BALL},
    {779, 779, BUS},
    {780, 780, BOAT},
    {795, 795, SKIS},
    {805, 805, SPORTS_BALL},
    {809, 809, BOWL},
    {814, 814, BOAT},
    {817, 817, CAR},
    {820, 820, TRAIN},
    {829, 829, TRAIN},
    {831, 831, COUCH},
    {850, 850, TEDDY_BEAR},
    {851, 851, TV},
    {852, 852, SPORTS_BALL},
    {859, 859, TOASTER},
    {861, 861, TOILET},
    {864, 864, TRUCK},
    {867, 867, TRUCK},
    {871, 871, BOAT},
    {874, 874, BUS},
    {879, 879, UMBRELLA},
    {883, 883, VASE},
    {890, 890, SPORTS_BALL},
    {892, 892, CLOCK},
    {896, 896, SINK},
    {898, 898, BOTTLE},
    {906, 906, TIE},
    {907, 907, BOTTLE},
    {910, 910, SPOON},
    {914, 914, BOAT},
    {917, 917, BOOK},
    {920, 920, TRAFFIC_LIGHT},
    {921, 921, BOOK},
    {933, 933, SANDWICH},
    {934, 934, HOT_DOG},
    {937, 937, BROCCOLI},
    {948, 948, APPLE},
    {950, 950, ORANGE},
    {954, 954, BANANA},
    {963, 963, PIZZA},
    {968, 968, CUP},
    {981, 983, PERSON},
};

static const struct {
    short first, last;
    struct text parent;
} PARENTS[] = {
    {0, 397, {"Animal", 6}},  {924, 957, {"Food", 4}},   {959, 969, {"Food", 4}},
    {984, 990, {"Plant", 5}}, {991, 997, {"Fungus", 6}},
};

int names_wider(size_t classified)
{
    for (size_t i = 0; i < sizeof WIDER / sizeof *WIDER; i++) {
        if (classified >= (size_t)WIDER[i].first && classified <= (size_t)WIDER[i].last)
            return WIDER[i].detected;
    }
    return -1;
}

struct text names_parent(size_t classified)
{
    for (size_t i = 0; i < sizeof PARENTS / sizeof *PARENTS; i++) {
        if (classified >= (size_t)PARENTS[i].first && classified <= (size_t)PARENTS[i].last)
            return PARENTS[i].parent;
    }
    return TEXT("");
}

/* A number of a zip archive: little-endian; beyond the end 0, which is none of those that matter.
 */
static size_t number(struct text file, size_t at, size_t bytes)
{
    size_t value = 0;
    if (at > file.length || file.length - at < bytes)
        return 0;
    for (size_t i = bytes; i > 0; i--)
        value = value << 8 | (unsigned char)file.data[at + i - 1];
    return value;
}

enum {
    END_LENGTH = 22, /* PKWARE's APPNOTE, section 4.3.16 */
    END = 0x06054B50,
    ENTRY_LENGTH = 46, /* 4.3.12 */
    ENTRY = 0x02014B50,
    LOCAL_LENGTH = 30, /* 4.3.7 */
    LOCAL = 0x04034B50,
};

/* What the archive's only entry holds, which is stored as it is; data is NULL where it isn't so. */
static struct text find_list(struct text file)
{
    struct text none = {0};
    size_t end = file.length - END_LENGTH;
    if (file.length < END_LENGTH || number(file, end, 4) != END)
        return none;
    size_t entry = number(file, end + 16, 4);
    if (number(file, entry, 4) != ENTRY || number(file, entry + 10, 2) != 0)
        return none;
    size_t length = number(file, entry + 24, 4), local = number(file, entry + 42, 4);
    if (number(file, local, 4) != LOCAL)
        return none;
    size_t at = local + LOCAL_LENGTH + number(file, local + 26, 2) + number(file, local + 28, 2);
    if (at > file.length || length > file.length - at)
        return none;
    return (struct text){file.data + at, length};
}

bool names_read(struct text file, struct text names[NAMES_CLASSIFIED])
{
    struct text list = find_list(file), name;
    size_t count = 0;
    if (!list.data)
        return false;
    while (text_cut(&list, '\n', &name) && text_trim(name).length) {
        if (count == NAMES_CLASSIFIED)
            return false;
        names[count++] = text_trim(name);
    }
    return count == NAMES_CLASSIFIED;
}
